exports.handler = async () => ({ kind: 'cjs', required: typeof require });
