/** Flags of this process that take the next argument and make no sense in a worker. */
const evaluation = new Set(['-e', '--eval', '-p', '--print', '-pe', '--input-type']);
/** Flags that make no sense in a worker. */
const dropped =
  /^(-i|--interactive|-c|--check|--test|--watch|--watch-path=.*|--test-.*|--prof-process|--input-type=.*)$/;

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
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--(no-)?(warnings|deprecation)|--trace-(warnings|deprecation|uncaught)|--enable-source-maps|--experimental-(strip|transform)-types|--preserve-symlinks(-main)?)(=|$)/;
/** Those of them that take the next argument, if they are not written with `=`. */
const withValue = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/;

/** Whether a thread can inherit by itself. Node does not care that a flag for text to run is of no use to a file. */
export function areForThreads(execArgv: readonly string[] = process.execArgv): boolean {
  return !execArgv.some((argument) => /^--input-type(=|$)/.test(argument));
}

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
