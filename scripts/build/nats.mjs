// The driver for NATS: dist/nats/index.cjs for hosts and serving processes, dist/nats/worker.cjs, which workers load before their
// script, and dist/nats/credentials.cjs, by which the command `serve` reads files of credentials. They load the main bundle and the package `@nats-io/transport-node`, and are no part of either.
import { build } from 'esbuild';
import { root } from '../command.mjs';
import { esModule } from './entries.mjs';
import { declarationsOf, mainBundle } from './side-bundle.mjs';

const source = 'ts/nats';
const target = 'dist/nats';
/** Of the rest of ts/, only a file that keeps no state and imports nothing. */
const shared = ['ts/util/primordials.js'];

/** All files of the driver, as a list of name and text. */
export async function natsFiles() {
  const [driver, worker, credentials, { metafile }] = await Promise.all([
    bundle('index', 'cjs'),
    bundle('worker', 'cjs'),
    bundle('credentials', 'cjs'),
    bundle('index', 'esm'),
  ]);
  const names = Object.values(metafile.outputs)[0].exports.toSorted();
  return [
    [`${target}/index.cjs`, driver.text],
    [`${target}/index.mjs`, esModule('./index.cjs', names)],
    [`${target}/worker.cjs`, worker.text],
    [`${target}/credentials.cjs`, credentials.text],
    ...declarationsOf(source, target),
  ];
}

async function bundle(name, format) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${source}/${name}.ts`],
    outfile: `${target}/${name}.${format === 'cjs' ? 'cjs' : 'mjs'}`,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    // Also in CommonJS: the package is loaded when the first worker needs it.
    supported: { 'dynamic-import': true },
    external: ['@nats-io/transport-node'],
    plugins: [mainBundle('../index.cjs', { source, shared })],
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  return { text: outputFiles[0].text, metafile };
}
