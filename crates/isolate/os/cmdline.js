// What scripts of `os.Worker` find in the module `cmdline`: functions for the main thread alone.
const refuse = (name) => () => {
  throw new Error(
    `cmdline.${name}() is for the main thread: a worker cannot end the process. Set Worker.parent.onmessage to null to end the worker.`,
  );
};

export const exit = refuse('exit');
export const getExitCode = refuse('getExitCode');
export const setExitCode = refuse('setExitCode');
