/* attack: compile_include_supervisor
 * tries: includes what /proc tells of process 1: its environment, command line and memory map
 * must: it is not there
 * why: S14: the supervisor's environment has its secrets
 * layer: proc hidepid
 * without: proc
 * breach: leaked
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","-c","compile_include_supervisor.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":15000,"wall_time_ms":20000,"disk_inodes":200}}
 * expect: {"status":"OK","stderr":{"text":{"lacks":"ESCAPED"}}}
 */
#if __has_include("/proc/1/cmdline")
#error ESCAPED: it is there
#elif __has_include("/proc/1/environ") || __has_include("/proc/1/maps")
#error ESCAPED: it is there
#endif
int main(void) {}
