// `structuredClone`.
(native) => {
  'use strict';
  native.define('structuredClone', function structuredClone(value, options) {
    if (arguments.length === 0) throw new TypeError('structuredClone: the value is missing');
    const transfer = options?.transfer;
    return native.clone(value, transfer === undefined ? [] : Array.from(transfer));
  });
};
