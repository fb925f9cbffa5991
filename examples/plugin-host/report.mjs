// @ts-check
// What is told about the work when it is done. All of it comes from the runs, the errors and the crashes themselves.
import { table } from './table.mjs';

/** @import { Crash } from './plugin-worker.mjs' */
/** @import { Failure, Run } from './run.mjs' */

/**
 * An error that a plugin threw in its worker, rebuilt in the host with the stack it had there.
 *
 * @param {Run} run
 * @param {Failure} failure
 */
export function describeRemoteError({ plugin }, { path, error }) {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line));
  const properties = Object.keys(error);
  return [
    `${plugin.name} threw on ${path}:`,
    ...indent(`${error.name}: ${error.message}`.split('\n')),
    ...indent(frames.slice(0, 4)),
    ...indent(properties.length > 0 ? [`own properties: ${properties.join(', ')}`] : []),
  ].join('\n');
}

/**
 * A worker that ended without being closed, and what became of its requests.
 *
 * @param {Run} run
 * @param {Crash} crash
 */
export function describeCrash({ plugin }, { pid, error, lost }) {
  const { code, reason } = error;
  const successor = plugin.pids[plugin.pids.indexOf(pid) + 1];
  const how = reason.type === 'exit' ? `exit (code ${reason.code}, signal ${reason.signal})` : reason.type;
  return [
    `${plugin.name} lost its worker, pid ${pid}:`,
    ...indent([
      `${error.name}: ${error.message}`,
      `code    ${code}`,
      `reason  ${how}`,
      `lost    ${count(lost, 'request')} in flight`,
      `then    ${successor === undefined ? 'not started again' : `a new worker, pid ${successor}, was sent them again`}`,
    ]),
  ].join('\n');
}

/** @param {readonly Run[]} runs */
export function describeRuns(runs) {
  const rows = runs.map(({ plugin, done, ms, failures, counts }) => {
    const found = Object.entries(counts).map(([name, number]) => `${name} ${number.toLocaleString('en')}`);
    const name = `${plugin.name} ${plugin.facts.version}`;
    return [name, `${plugin.pid}`, `${done}`, ms.toFixed(0), `${failures.length}`, found.join(' · ')];
  });
  return table(['plugin', 'pid', 'files', 'ms', 'errors', 'found'], rows);
}

/**
 * @param {number} number
 * @param {string} noun
 */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** @param {readonly string[]} lines */
function indent(lines) {
  return lines.map((line) => `  ${line}`);
}
