// The conformance suite's tools and prompt that ask by an `input_required` result (2026-07-28 basic/patterns/mrtr).
import { randomBytes } from 'node:crypto';
import type {
  CallToolResult,
  ClientCapabilities,
  InputRequests,
  InputRequiredResult,
  McpServer,
  ServerContext,
} from '@modelcontextprotocol/server';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { said } from './plain-tools.ts';

type Answer = CallToolResult | InputRequiredResult;
type AskingTool = (request: ServerContext['mcpReq']) => Answer | Promise<Answer>;

interface State {
  tool: string;
  round: number;
}

/** Seals the state that goes through the client; a server must pass `verify` to the SDK to have it checked. */
export const requestState = createRequestStateCodec<State>({ key: randomBytes(32) });

function form(message: string, field: string, type: 'string' | 'boolean' = 'string') {
  const properties = { [field]: type === 'string' ? { type } : { type } };
  return inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties, required: [field] },
  });
}

function sample(text: string) {
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text } }];
  return inputRequired.createMessage({ messages, maxTokens: 50 });
}

const askName = () => form('What is your name?', 'name');

/** The text a form's field was answered with, or undefined while it is missing or of another kind. */
function field(request: ServerContext['mcpReq'], key: string, name: string): string | undefined {
  const value = acceptedContent(request.inputResponses, key)?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** The text a model was made to say, or undefined while it is missing. */
function sampled(request: ServerContext['mcpReq'], key: string): string | undefined {
  const response = inputResponse(request.inputResponses, key);
  return response.kind === 'sampling' ? JSON.stringify(response) : undefined;
}

function sealed(tool: string, round = 1): Promise<string> {
  return requestState.mint({ tool, round });
}

const TOOLS: Record<string, AskingTool> = {
  test_input_required_result_elicitation(request) {
    const name = field(request, 'user_name', 'name');
    return name === undefined
      ? inputRequired({ inputRequests: { user_name: askName() } })
      : said(`Hello, ${name}!`);
  },

  test_input_required_result_sampling(request) {
    const text = sampled(request, 'capital_question');
    return text === undefined
      ? inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?') } })
      : said(text);
  },

  test_input_required_result_list_roots(request) {
    const response = inputResponse(request.inputResponses, 'client_roots');
    return response.kind === 'roots'
      ? said(JSON.stringify(response))
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  },

  async test_input_required_result_request_state(request) {
    const confirmed = acceptedContent(request.inputResponses, 'confirm') !== undefined;
    if (confirmed && request.requestState() !== undefined)
      return said('state-ok: it came back as it was sent');
    const inputRequests = { confirm: form('Please confirm', 'ok', 'boolean') };
    return inputRequired({ inputRequests, requestState: await sealed('request_state') });
  },

  async test_input_required_result_tampered_state(request) {
    const confirmed = acceptedContent(request.inputResponses, 'confirm') !== undefined;
    if (confirmed && request.requestState() !== undefined) return said('integrity-ok: the seal held');
    const inputRequests = { confirm: form('Please confirm', 'ok', 'boolean') };
    return inputRequired({ inputRequests, requestState: await sealed('tampered_state') });
  },

  async test_input_required_result_multiple_inputs(request) {
    const name = field(request, 'user_name', 'name');
    const greeting = sampled(request, 'greeting');
    const roots = inputResponse(request.inputResponses, 'client_roots');
    if (name !== undefined && greeting !== undefined && roots.kind === 'roots')
      return said(`${greeting} ${name}`);
    const client_roots = inputRequired.listRoots();
    const inputRequests = { user_name: askName(), greeting: sample('Generate a greeting'), client_roots };
    return inputRequired({ inputRequests, requestState: await sealed('multiple_inputs') });
  },

  async test_input_required_result_multi_round(request) {
    const round = request.requestState<State>()?.round ?? 0;
    if (round >= 2) return said(`All rounds are done: ${field(request, 'step2', 'color') ?? 'no color'}`);
    const step2 = form('What is your favorite color?', 'color');
    const inputRequests: InputRequests = round === 0 ? { step1: askName() } : { step2 };
    return inputRequired({ inputRequests, requestState: await sealed('multi_round', round + 1) });
  },

  test_input_required_result_capabilities(request) {
    if (request.inputResponses !== undefined) return said('All that could be asked was answered');
    const envelope: Record<string, unknown> = request.envelope ?? {};
    const declared = envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined;
    const inputRequests: InputRequests = {
      ...(declared?.elicitation && { user_name: askName() }),
      ...(declared?.sampling && { greeting: sample('Generate a greeting') }),
      ...(declared?.roots && { client_roots: inputRequired.listRoots() }),
    };
    return Object.keys(inputRequests).length > 0
      ? inputRequired({ inputRequests })
      : said('Nothing may be asked');
  },

  // Called without the capability: the SDK turns what it asks for into -32021.
  test_missing_capability(request) {
    const text = sampled(request, 'answer');
    return text === undefined ? inputRequired({ inputRequests: { answer: sample('Say pong') } }) : said(text);
  },
};

/** Adds the tools and the prompt that ask by their result. */
export function addInputRequired(server: McpServer): void {
  for (const [name, run] of Object.entries(TOOLS)) {
    server.registerTool(name, { description: `Asks by an input_required result` }, ({ mcpReq }) =>
      run(mcpReq),
    );
  }
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks for the context it is to use' },
    ({ mcpReq }: ServerContext) => {
      const text = field(mcpReq, 'user_context', 'context');
      if (text === undefined) {
        return inputRequired({ inputRequests: { user_context: form('Which context?', 'context') } });
      }
      return {
        messages: [{ role: 'user' as const, content: { type: 'text' as const, text: `Use ${text}` } }],
      };
    },
  );
}
