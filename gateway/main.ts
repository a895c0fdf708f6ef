// The entry: signals are held before the program, which takes a while to load, says what they mean.
import { holdSignals } from './commands/signals.ts';

holdSignals();
await import('./commands/program.ts');
