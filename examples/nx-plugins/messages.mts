import type { DefineMessages } from 'isolated-workers';

/** A project, as a plugin of nx describes it. */
export type Projects = Record<string, Record<string, unknown>>;

export interface Dependency {
  source: string;
  target: string;
  type: string;
}

export interface Workspace {
  root: string;
  nxJson: object;
  /** All files, relative to the root. */
  files: string[];
}

/** What nx asks a plugin, phase by phase. */
export type Messages = DefineMessages<{
  load: { payload: void; result: { name: string; phases: string[] } };
  createNodes: { payload: Workspace; result: Projects };
  createDependencies: { payload: { workspace: Workspace; projects: Projects }; result: Dependency[] };
}>;
