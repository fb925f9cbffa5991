// The first file of the package that a program loads.
import { openInherited } from '../worker/find-channel.js';

export * from '../index.js';

openInherited();
