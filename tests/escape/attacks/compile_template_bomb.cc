/* attack: compile_template_bomb
 * tries: instantiates templates along every path of a binary tree
 * must: MLE or TLE
 * why: C++ templates are a program of their own
 * layer: memory, cpu timer
 * without: cpu wall memory output fsize disk
 * breach: evaded
 * bounds: processes=6 bytes=1073741824 seconds=20
 * spec: {"argv":["/usr/bin/timeout","-s","KILL","20","/usr/bin/prlimit","--as=1073741824","/usr/bin/g++","compile_template_bomb.cc"],"env":{"PATH":"/usr/bin:/bin","LC_ALL":"C"},"limits":{"memory_bytes":134217728,"cpu_time_ms":3000,"wall_time_ms":10000,"disk_inodes":200}}
 * expect: {"status":["TLE","MLE","OLE"]}
 */
template <int depth, long path> struct Node {
  static constexpr long value = Node<depth - 1, path * 2>::value + Node<depth - 1, path * 2 + 1>::value;
};
template <long path> struct Node<0, path> { static constexpr long value = path; };
int main() { return Node<20, 1>::value == 0; }
