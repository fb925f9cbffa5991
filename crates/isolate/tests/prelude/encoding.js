{
  const encoder = new TextEncoder();
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  check('ascii', hex(encoder.encode('abc')) === '616263');
  check('latin', hex(encoder.encode('\u00e9')) === 'c3a9');
  check('a pair', hex(encoder.encode('\ud83d\ude00')) === 'f09f9880');
  check('half a pair', hex(encoder.encode('\ud83d!')) === 'efbfbd21');
  check('nothing', encoder.encode().length === 0 && encoder.encode() instanceof Uint8Array);
  check('the name', encoder.encoding === 'utf-8' && new TextDecoder('utf8').encoding === 'utf-8');
  const target = new Uint8Array(5);
  const into = encoder.encodeInto('a\u00e9\ud83d\ude00', target);
  check('into', into.read === 2 && into.written === 3 && hex(target) === '61c3a90000');
  const exact = encoder.encodeInto('\ud83d\ude00', new Uint8Array(4));
  check('into exactly', exact.read === 2 && exact.written === 4);
  const decode = (bytes, options) => new TextDecoder('utf-8', options).decode(new Uint8Array(bytes));
  check('decoded', decode([0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]) === 'a\u00e9\ud83d\ude00');
  check('replaced', decode([0x61, 0xff, 0x62]) === 'a\ufffdb');
  check('replaced as a whole', decode([0xf0, 0x9f, 0x98]) === '\ufffd');
  throws('fatal', () => decode([0xff], { fatal: true }), /TypeError/);
  check('without its mark', decode([0xef, 0xbb, 0xbf, 0x61]) === 'a');
  check('with its mark', decode([0xef, 0xbb, 0xbf, 0x61], { ignoreBOM: true }) === '\ufeffa');
  const stream = new TextDecoder();
  const bytes = encoder.encode('\ufeffx\u4e2d\ud83d\ude00\u00e9');
  let text = '';
  for (const byte of bytes) text += stream.decode(new Uint8Array([byte]), { stream: true });
  text += stream.decode();
  check('a byte at a time', text === 'x\u4e2d\ud83d\ude00\u00e9');
  check(
    'the rest is replaced',
    stream.decode(new Uint8Array([0xe4, 0xb8]), { stream: true }) === '' && stream.decode() === '\ufffd',
  );
  check('a broken begin does not wait', stream.decode(new Uint8Array([0xe4, 0x61]), { stream: true }) === '\ufffda');
  check('a buffer', new TextDecoder().decode(new Uint8Array([0x61]).buffer) === 'a');
  check('a view', new TextDecoder().decode(new DataView(new Uint8Array([0x61, 0x62]).buffer, 1)) === 'b');
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  shared[0] = 0x7a;
  check('shared memory', new TextDecoder().decode(shared) === 'z');
  check(
    'utf-16',
    new TextDecoder('utf-16le').decode(new Uint8Array([0x61, 0, 0x3d, 0xd8, 0, 0xde])) === 'a\ud83d\ude00',
  );
  const wide = new TextDecoder('UTF-16');
  check(
    'utf-16 by bytes',
    [0x3d, 0xd8, 0, 0xde].map((byte) => wide.decode(new Uint8Array([byte]), { stream: true })).join('') ===
      '\ud83d\ude00',
  );
  throws('no encoding', () => new TextDecoder('klingon'), /RangeError.*klingon/);
  throws('no bytes', () => new TextDecoder().decode('a'), /TypeError/);
}
