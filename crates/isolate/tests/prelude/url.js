{
  const url = new URL('https://user:pass@example.com:8080/a/b/../c?x=1&y=%20z#top');
  check('href', url.href === 'https://user:pass@example.com:8080/a/c?x=1&y=%20z#top' && `${url}` === url.href);
  check(
    'parts',
    [
      url.protocol,
      url.username,
      url.password,
      url.host,
      url.hostname,
      url.port,
      url.pathname,
      url.search,
      url.hash,
    ].join(' ') === 'https: user pass example.com:8080 example.com 8080 /a/c ?x=1&y=%20z #top',
  );
  check('origin', url.origin === 'https://example.com:8080');
  check('relative', new URL('../d?q', 'http://h/a/b/c').href === 'http://h/a/d?q');
  throws('no address', () => new URL('/a'), /TypeError: Invalid URL/);
  throws('no base', () => new URL('a', 'b'), /TypeError: Invalid URL/);
  check(
    'its code',
    (() => {
      try {
        new URL('x');
      } catch (error) {
        return error.code === 'ERR_INVALID_URL' && error.input === 'x';
      }
    })(),
  );
  check(
    'canParse',
    URL.canParse('a:b') && !URL.canParse('b') && URL.parse('b') === null && URL.parse('a:b').href === 'a:b',
  );
  url.port = '443';
  check('the default port', url.port === '' && url.host === 'example.com');
  url.protocol = 'http';
  check('protocol', url.protocol === 'http:');
  url.hash = '';
  url.pathname = '/x y';
  check(
    'encoded',
    url.href === 'http://user:pass@example.com:443/x%20y?x=1&y=%20z' ||
      url.href === 'http://user:pass@example.com/x%20y?x=1&y=%20z',
  );
  url.searchParams.append('k', 'a b&c');
  check('the parameters change the address', url.search === '?x=1&y=+z&k=a+b%26c');
  url.search = '?n=1';
  check('the address changes the parameters', url.searchParams.get('n') === '1' && url.searchParams.size === 1);
  check('json', JSON.stringify({ url: new URL('http://h') }) === '{"url":"http://h/"}');
  check('unicode', new URL('http://b\u00fccher.de/\u00e4').href === 'http://xn--bcher-kva.de/%C3%A4');
  throws(
    'href',
    () => {
      url.href = 'no';
    },
    /Invalid URL/,
  );
  const params = new URLSearchParams('?a=1&b=2&a=3&empty&eq==&plus=+%2B&bad=%zz');
  check('get', params.get('a') === '1' && params.get('none') === null && params.get('empty') === '');
  check('getAll', params.getAll('a').join() === '1,3');
  check('eq', params.get('eq') === '=' && params.get('plus') === ' +' && params.get('bad') === '%zz');
  params.set('a', '9');
  check('set', params.getAll('a').join() === '9' && [...params.keys()].join() === 'a,b,empty,eq,plus,bad');
  params.delete('b', 'x');
  check('delete by value', params.has('b'));
  params.delete('b');
  check('delete', !params.has('b') && params.has('a', '9') && !params.has('a', '8'));
  params.sort();
  check('sort', [...params.keys()].join() === 'a,bad,empty,eq,plus');
  check(
    'of pairs',
    new URLSearchParams([
      ['a', 'b'],
      ['c', 'd'],
    ]).toString() === 'a=b&c=d',
  );
  check('of an object', new URLSearchParams({ a: 1, b: '\u00e4' }).toString() === 'a=1&b=%C3%A4');
  check('of parameters', new URLSearchParams(params).toString() === params.toString());
  throws('no pairs', () => new URLSearchParams([['a']]), /TypeError/);
  let each = '';
  new URLSearchParams('a=1&b=2').forEach((value, name) => {
    each += name + value;
  });
  check('forEach', each === 'a1b2');
}
