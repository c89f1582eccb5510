import path from 'node:path';

export const handler = async () => ({ kind: 'mjs', file: path.basename(new URL(import.meta.url).pathname) });
export default { handler: async () => 'default' };
