// What scripts of `os.Worker` find in the module `std`.
export const exit = () => {
  throw new Error(
    'std.exit() is for the main thread: a worker cannot end the process. Set Worker.parent.onmessage to null to end the worker.',
  );
};

/** The engine collects garbage by itself. */
export const gc = () => {};
