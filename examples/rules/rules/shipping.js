/* global shippingTo */
import { serve } from './serve.js';

await serve(async ({ id, total, country }) => `order ${id}: ${total + (await shippingTo(country))}`);
