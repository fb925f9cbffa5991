// `JSON.stringify`: an array that holds another one twice, and so on, has text without end.
(native) => {
  'use strict';
  const { replace } = native;
  const { apply } = Reflect;
  const { isArray } = Array;

  replace(
    JSON,
    'stringify',
    (original) =>
      ({
        stringify(value, replacer, space) {
          // The replacer changes nothing, but is called for each member, which the engine interrupts.
          if (typeof replacer !== 'function' && !isArray(replacer) && !native.isSmallTree(value)) {
            return apply(original, this, [value, (_key, member) => member, space]);
          }
          return apply(original, this, [value, replacer, space]);
        },
      }).stringify,
  );
};
