/** The folder of relative files among this process's flags: the current one, before the program changes it. */
export const startFolder = currentFolder();

/** The current folder; `undefined`: it was removed. */
export function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
