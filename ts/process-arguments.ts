/** Flags of this process that take the next argument and make no sense in a worker. */
const evaluation = new Set(['-e', '--eval', '-p', '--print', '-pe']);
/** Flags that make no sense in a worker. */
const dropped = /^(-i|--interactive|-c|--check|--test|--watch|--watch-path=.*|--test-.*|--prof-process)$/;

/**
 * What `execArgv` a worker inherits: this process's, without what only concerns its main script. A debugger port can be
 * taken once only, so a worker of a debugged host takes a free one.
 */
export function inheritedExecArgv(execArgv: readonly string[] = process.execArgv): string[] {
  const inherited: string[] = [];
  for (let index = 0; index < execArgv.length; index++) {
    const argument = execArgv[index] as string;
    if (evaluation.has(argument)) index++;
    else if (!dropped.test(argument)) inherited.push(freePort(argument));
  }
  return inherited;
}

function freePort(argument: string): string {
  const inspect = /^(--inspect(?:-brk|-wait)?)(?:=.*)?$/.exec(argument);
  if (inspect !== null) return `${inspect[1]}=0`;
  return argument.startsWith('--inspect-port=') ? '--inspect-port=0' : argument;
}
