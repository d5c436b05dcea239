// Nonces for proofs, as a gate makes them of its secret and the time.

import { createHmac } from 'node:crypto';
import { SECRET } from './configurations.mjs';

/** Seconds that one nonce is handed out. */
export const SLOT = 150;

/** The nonce of a moment, or of so many slots later. */
export const nonceAt = (now, { secret = SECRET, later = 0 } = {}) => createHmac('sha256', secret)
  .update(`waxseal dpop nonce ${Math.floor(now / SLOT) + later}`).digest().subarray(0, 16).toString('base64url');
