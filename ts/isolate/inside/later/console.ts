// The part of the library that shows values as text.
export { inspect } from '../node/util.js';
