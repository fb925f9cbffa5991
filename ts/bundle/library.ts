// What dist/library.cjs has: the package's exports, and what dist/index.cjs calls when these are there.
import '../util/start-folder.js';
import '../addon/root-context.js';

export * from '../index.js';
export { openInherited } from '../worker/find-channel.js';
