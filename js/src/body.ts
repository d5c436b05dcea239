/** The start of a body, which stays there to be read: the first `limit` characters at least, or all of it where it is shorter. */
export async function startOf(response: Response, limit: number): Promise<string> {
  // Throws where the body has been read.
  const copy = response.clone();
  if (typeof copy.body?.getReader !== 'function') return copy.text();
  const reader = copy.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.length < limit) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  // Not awaited: it ends with the other half of the tee.
  void reader.cancel();
  return text;
}
