// What the host and its plugin workers say to each other. Both sides import these types, nothing of it exists at run time.
import type { DefineMessages } from 'isolated-workers';

export type PluginMessages = DefineMessages<{
  /** Loads a plugin into the worker. */
  load: { payload: { module: string }; result: PluginFacts };
  /** Applies the plugin to one file. */
  processFile: { payload: SourceFile; result: Counts };
}>;

export interface PluginFacts {
  version: string;
  /** Which files the plugin takes: extensions with their dot, and whole paths. */
  takes: readonly string[];
}

export interface SourceFile {
  path: string;
  text: string;
}

/** What the plugin found in a file, by name. */
export type Counts = Record<string, number>;
