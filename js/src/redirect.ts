/** How often one call is redirected at most. */
const HOPS = 5;

/** Whether a response, got with the mode `manual`, leads elsewhere. */
export function isRedirect({ status, type }: Response): boolean {
  return type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(status);
}

/**
 * Where a redirect leads, and why it must not be followed. `fetch` itself would take a proof along to other origins, and one
 * proof to two URLs.
 */
export function redirected({ status, headers }: Response, from: URL, method: string, hops: number) {
  const location = headers?.get?.('location');
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) return { why: 'hidden' as const };
  const to = new URL(location, from);
  if (to.origin !== from.origin || to.username || to.password) return { to, why: 'other_origin' as const };
  if (!/^(?:GET|HEAD)$/.test(method) && status < 307) return { to, why: 'method' as const };
  return hops >= HOPS ? { to, why: 'budget' as const } : { to };
}
