/* attack: compile_include_secret
 * tries: includes files of the host, so that the diagnostics show them
 * must: they are not there
 * why: S9 bnuoj#5, kjudge#82, EchoJudge#10
 * layer: mount namespace
 * without: mount
 * breach: leaked
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/gcc","compile_include_secret.c"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":15000,"wall_time_ms":20000,"disk_inodes":200}}
 * expect: {"status":"RE","stderr":{"text":{"lacks":"CANARY","has":"No such file"}}}
 */
#pragma GCC diagnostic ignored "-Wcpp"
#if __has_include("/etc/bailiff-canary")
#include "/etc/bailiff-canary"
#endif
#if __has_include("/var/tmp/bailiff-canary")
#include "/var/tmp/bailiff-canary"
#endif
#include "/etc/shadow"
int main(void) {}
