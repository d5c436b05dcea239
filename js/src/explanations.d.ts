/** What errors.json holds; written by the build. */
declare const explanations: import('./explain.js').Row[];
export default explanations;
