"""The standard library at work: files, threads, clocks, numbers, time, temporary folders."""
import asyncio, bisect, collections, concurrent.futures, ctypes, datetime, decimal, functools, glob, hashlib, heapq, io
import itertools, json, logging, math, os, pathlib, pickle, platform, queue, random, re, resource, shutil, signal, sqlite3
import statistics, string, struct, sys, tempfile, threading, time, typing, unicodedata, uuid, zlib

sys.setrecursionlimit(100000)
words = sys.stdin.read().split()
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "words.json"
    path.write_text(json.dumps(words))
    shutil.copy(path, "copy.json")
    os.replace("copy.json", "moved.json")
    read = json.loads(open("moved.json").read())
results = queue.Queue()
threads = [threading.Thread(target=lambda n=n: results.put(math.factorial(n))) for n in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(timeout=10)
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    squares = list(pool.map(lambda n: n * n, range(100)))


async def later():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, time.sleep, 0.01) or await asyncio.sleep(0.01, "woken")


caught = []
signal.signal(signal.SIGALRM, lambda *_: caught.append("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.02)
time.sleep(0.05)
database = sqlite3.connect("data.db")
database.execute("create table t (a)")
database.executemany("insert into t values (?)", [(n,) for n in range(10)])
database.commit()
random.seed(1)
print(read, results.qsize(), sum(squares), asyncio.run(later()), caught, os.cpu_count() > 0,
      database.execute("select sum(a) from t").fetchone()[0], os.urandom(4) != b"", os.getpid() > 1,
      ctypes.CDLL(None).getpid() > 1, os.path.expanduser("~x"), datetime.datetime.now().year > 2000,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0, hashlib.sha256(b"x").hexdigest()[:4])
