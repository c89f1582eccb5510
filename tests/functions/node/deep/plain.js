exports.handler = async () => ({ kind: 'deep' });
