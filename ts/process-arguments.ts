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

/** Flags that concern one JavaScript thread; the others are the process's, and a thread refuses them. */
const ofThreads =
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--(no-)?(warnings|deprecation)|--trace-(warnings|deprecation|uncaught)|--enable-source-maps|--experimental-(strip|transform)-types|--preserve-symlinks(-main)?|--input-type)(=|$)/;
/** Those of them that take the next argument, if they are not written with `=`. */
const withValue = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/;

/** What `execArgv` a thread can inherit, where it cannot be left to Node. */
export function threadExecArgv(execArgv: readonly string[] = process.execArgv): string[] {
  const inherited: string[] = [];
  for (let index = 0; index < execArgv.length; index++) {
    const argument = execArgv[index] as string;
    if (!ofThreads.test(argument)) continue;
    inherited.push(argument);
    if (withValue.test(argument) && index + 1 < execArgv.length) inherited.push(execArgv[++index] as string);
  }
  return inherited;
}
