import { hello } from '@demo/util';

console.log(hello('nx'));
