import type { Counts, PluginFacts, SourceFile } from '../messages.mjs';

/** What a module in this folder exports as `plugin`. It knows nothing of workers. */
export interface Plugin extends PluginFacts {
  processFile(file: SourceFile): Counts | Promise<Counts>;
}
