// Files, timers, streams, promises, workers, compression, crypto.
const fs = require('fs'), os = require('os'), path = require('path'), zlib = require('zlib'), crypto = require('crypto');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { promisify } = require('util');

if (!isMainThread) {
  let sum = 0;
  for (let i = 0; i < workerData; ++i) sum += i;
  parentPort.postMessage(sum);
} else {
  (async () => {
    let input = '';
    for await (const part of process.stdin) input += part;
    await fs.promises.writeFile('out.txt', input);
    fs.appendFileSync('out.txt', 'more');
    fs.mkdirSync('d/e', { recursive: true });
    fs.copyFileSync('out.txt', 'd/e/copy');
    fs.renameSync('d/e/copy', 'd/moved');
    const listed = fs.readdirSync('d').sort().join();
    fs.rmSync('d', { recursive: true });
    const packed = await promisify(zlib.gzip)(Buffer.from(input));
    const sum = await new Promise((resolve, reject) => {
      new Worker(__filename, { workerData: 100000 }).on('message', resolve).on('error', reject);
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const hash = crypto.createHash('sha256').update(input).digest('hex').slice(0, 4);
    const key = await promisify(crypto.scrypt)('a', 'b', 8);
    let hot = 0;
    for (let i = 0; i < 3e6; ++i) hot = (hot * 31 + i) | 0;  // compiled by the JIT
    console.log(listed, zlib.gunzipSync(packed).toString().trim(), sum, hash, key.length, hot, os.totalmem() > 0,
                path.resolve('.'), fs.readFileSync('out.txt', 'utf8').length);
  })();
}
