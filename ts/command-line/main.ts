// The command `isolated-workers`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { WorkerError } from '../errors/worker-error.js';
import { attachPrompt } from './attach-prompt.js';
import { doctor } from './doctor.js';
import { ping } from './ping.js';
import { serveWorkers } from './serve.js';
import { top } from './top.js';

const USAGE = `Usage: isolated-workers <command> [options]

Commands:
  doctor         check the runtime, the native addon, directories and limits, and start a worker
  top            list the detached workers of this user and what they do; in a terminal, again each second
  ping <name>    tell whether a detached worker is alive, and how long it took to answer
  attach <name>  send messages to a detached worker: a message type and a payload as JSON per line
  serve <file>   start workers of a file, and offer them over a NATS server to hosts on any machine

Options:
  --json         doctor, top, ping: print JSON
  --once         top: print the list once, also in a terminal
  --socket       ping, attach: <name> is the path of a socket
  --take-over    attach: take the worker over from the host that is connected
  --timeout <ms> ping, attach: how long to wait for an answer (1000, 10000)
  --nats <urls>  serve: the NATS server, or several with commas between them (127.0.0.1:4222)
  --name <name>  serve: the name under which hosts find the workers
  --workers <n>  serve: how many workers (one for each processor)
  --user <name>, --password-file <file>, --token-file <file>, --nkey <file>, --creds <file>
                 serve: who the NATS server takes this process for; --nkey has a seed, --creds a JWT and its seed
  --tls-ca <file>, --tls-cert <file>, --tls-key <file>
                 serve: PEM files for TLS: whom this process trusts, and what it shows the NATS server
  -h, --help     show this help
  -v, --version  show the version

Exit codes: 0 success, 1 failure, 2 wrong usage.`;

const options = {
  json: { type: 'boolean' },
  once: { type: 'boolean' },
  socket: { type: 'boolean' },
  'take-over': { type: 'boolean' },
  timeout: { type: 'string' },
  nats: { type: 'string' },
  name: { type: 'string' },
  workers: { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  'token-file': { type: 'string' },
  nkey: { type: 'string' },
  creds: { type: 'string' },
  'tls-ca': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

interface Command {
  readonly allowed: readonly (keyof Values)[];
  /** What its argument is, if it takes one. */
  readonly argument?: string;
  run(argument: string, values: Values): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  doctor: { allowed: ['json'], run: (_, { json = false }) => doctor({ json }) },
  top: { allowed: ['json', 'once'], run: (_, { json = false, once = false }) => top({ json, once }) },
  ping: {
    allowed: ['json', 'socket', 'timeout'],
    argument: 'the name of a worker',
    run: (name, { json = false, socket = false, timeout }) =>
      ping(name, { json, socket, timeout: millis(timeout, 1_000) }),
  },
  attach: {
    allowed: ['socket', 'take-over', 'timeout'],
    argument: 'the name of a worker',
    run: (name, values) =>
      attachPrompt(name, {
        socket: values.socket ?? false,
        takeOver: values['take-over'] ?? false,
        timeout: millis(values.timeout, 10_000),
      }),
  },
  serve: {
    allowed: [
      'nats',
      'name',
      'workers',
      'user',
      'password-file',
      'token-file',
      'nkey',
      'creds',
      'tls-ca',
      'tls-cert',
      'tls-key',
    ],
    argument: 'the file of the workers',
    run: (file, { nats, name, workers, ...files }) => {
      if (name === undefined) throw new UsageError('serve needs --name, under which hosts find the workers');
      return serveWorkers(file, { nats, name, workers: workers === undefined ? undefined : count(workers), ...files });
    },
  },
};

/** Runs the command and resolves to its exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await runCommand(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`isolated-workers: ${error.message}\nSee isolated-workers --help.`);
      return 2;
    }
    console.error(error instanceof WorkerError ? `${error.code}: ${error.message}` : error);
    return 1;
  }
}

async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  const [name, ...operands] = positionals;
  if (values.help === true) return print(USAGE);
  if (values.version === true) return print(version());
  if (name === undefined) throw new UsageError('a command is missing');
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`there is no command "${name}"`);
  const unknown = Object.keys(values).find((option) => !command.allowed.includes(option as keyof Values));
  if (unknown !== undefined) throw new UsageError(`${name} has no option --${unknown}`);
  const { argument } = command;
  const [operand = ''] = operands;
  if (argument !== undefined && operand === '') throw new UsageError(`${name} needs ${argument}`);
  const surplus = operands[argument === undefined ? 0 : 1];
  if (surplus !== undefined) throw new UsageError(`${name} takes no argument "${surplus}"`);
  return command.run(operand, values);
}

function version(): string {
  const text = readFileSync(path.join(__dirname, '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function millis(text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0)) throw new UsageError(`--timeout takes a number of milliseconds above 0, not "${text}"`);
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`--workers takes a whole number above 0, not "${text}"`);
  return value;
}

class UsageError extends Error {}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
