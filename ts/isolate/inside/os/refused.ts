// Functions of the module `os` that an isolate does not have: each throws an error that says why.

type Refused = Readonly<Record<string, () => never>>;

/** An object that has any function. */
function refuse(reason: string): Refused {
  const get = (_: Refused, name: string | symbol) => (): never => {
    throw new Error(`os.${String(name)}() is not available in an isolate, which has no ${reason}`);
  };
  return new Proxy<Refused>({}, { get });
}

export const { open, close, seek, read, write, remove, rename, realpath, getcwd, chdir, mkdir, readdir } =
  refuse('files');
export const { mkdtemp, mkstemp, stat, lstat, utimes, symlink, readlink, pipe, dup, dup2 } = refuse('files');
export const { setReadHandler, setWriteHandler } = refuse('files');
export const { isatty, ttyGetWinSize, ttySetRaw } = refuse('terminal');
export const { exec, waitpid, kill, getpid, signal, exePath } = refuse('processes');
export const { sleep } = refuse('function that blocks: use sleepAsync()');
