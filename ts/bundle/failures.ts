// Loaded with the first failure: how an error travels, and the texts of errors that no worker needs to start.
export { encodeError } from '../errors/encoding/encode-error.js';
export { errorText } from '../errors/encoding/error-text.js';
export { crashOf } from '../errors/crash-message.js';
export { hostGone } from '../errors/host-errors.js';
export { unknownOption } from '../options/unknown-option.js';
