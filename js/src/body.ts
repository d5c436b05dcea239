/** Milliseconds that a body may take: of one that takes longer, what is there by then. */
const PATIENCE = 3_000;

/**
 * The start of a body, which stays there to be read: the first `limit` characters at least, or all of it where it is
 * shorter, or as much as is enough.
 */
export async function startOf(response: Response, limit: number, enough?: (text: string) => unknown): Promise<string> {
  // Throws where the body has been read.
  const copy = response.clone();
  if (typeof copy.body?.getReader !== 'function') return copy.text();
  const reader = copy.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  // A body may never end.
  const late = new Promise<{ done: true; value?: undefined }>((resolve) => (timer = setTimeout(resolve, PATIENCE, { done: true })));
  try {
    while (text.length < limit && !enough?.(text)) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    // Not awaited: it ends with the other half of the tee.
    void reader.cancel().catch(() => {});
  }
  return text;
}
