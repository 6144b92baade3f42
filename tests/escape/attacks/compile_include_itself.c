/* attack: compile_include_itself
 * tries: includes itself twice, and so on: two to the power of two hundred
 * must: TLE, or RE or MLE at the compiler's own depth
 * why: an include depth is no bound on work
 * layer: cpu timer
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","-E","-o","/dev/null","-fmax-include-depth=190","compile_include_itself.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["TLE","MLE","OLE"]}
 */
#include __FILE__
#include __FILE__
