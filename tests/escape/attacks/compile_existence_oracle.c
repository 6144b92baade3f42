/* attack: compile_existence_oracle
 * tries: asks the preprocessor which files of the host exist
 * must: none of them does
 * why: S12: an oracle of existence is a leak as well
 * layer: mount namespace
 * without: mount
 * breach: leaked
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","-c","compile_existence_oracle.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":15000,"wall_time_ms":20000,"disk_inodes":200}}
 * expect: {"status":"OK","stderr":{"text":{"lacks":"ESCAPED"}}}
 */
#if __has_include("/var/lib/dpkg/status") || __has_include("/etc/machine-id") || __has_include("/var/tmp/bailiff-canary")
#error ESCAPED: it is there
#endif
int main(void) {}
