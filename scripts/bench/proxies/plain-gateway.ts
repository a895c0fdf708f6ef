// The gateway without admission: starts `main.ts` with the bench's own pipeline in the place of the gateway's.
import { registerHooks } from 'node:module';

const plain = new URL('plain-pipeline.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const isGateways = specifier === './pipeline.ts' && context.parentURL?.endsWith('/gateway/gateway.ts');
    return next(isGateways ? plain : specifier, context);
  },
});
await import('../../../gateway/main.ts');
