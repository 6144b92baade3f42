# The same problem in Python: how many pairs stand in the wrong order.
import bisect

input()
seen, pairs = [], 0
for x in map(int, input().split()):
    at = bisect.bisect_right(seen, x)
    pairs += len(seen) - at
    seen.insert(at, x)
print(pairs)
