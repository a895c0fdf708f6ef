// The form of the documents that the bench and the chaos suite print.
import { z } from 'zod';

/** One figure. */
export const Row = z.strictObject({
  case: z.string(),
  subject: z.string(),
  concurrency: z.int().optional(),
  metric: z.string(),
  value: z.number(),
  unit: z.string(),
  ratio_to: z.string().optional(),
  ratio: z.number().optional(),
});

/** A run's figures, and what they were taken on. */
export const FiguresDocument = z.object({
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
  versions: z.record(z.string(), z.string()),
  results: z.array(Row),
});
