// Files and folders of its own, by every way of the C++ library, and memory mapped.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace fs = std::filesystem;

int main() {
  std::ofstream("out.txt") << "one\ntwo\n";
  std::ofstream("out.txt", std::ios::app) << "three\n";
  fs::create_directories("a/b");
  fs::copy_file("out.txt", "a/b/copy.txt");
  fs::rename("a/b/copy.txt", "a/moved.txt");
  fs::create_symlink("a/moved.txt", "link.txt");
  fs::create_hard_link("a/moved.txt", "hard.txt");
  fs::permissions("hard.txt", fs::perms::owner_read | fs::perms::owner_write);
  fs::resize_file("out.txt", 8);
  fs::last_write_time("out.txt", fs::file_time_type::clock::now());
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(".")) count += entry.is_regular_file() ? 1 : 0;

  std::FILE* both = std::fopen("both.bin", "w+b");
  std::fputs("hello", both);
  std::fseek(both, 1, SEEK_SET);
  std::putchar(std::fgetc(both));
  std::fclose(both);
  std::FILE* temporary = std::tmpfile();
  std::fputs("x", temporary);
  std::fclose(temporary);

  const int fd = ::open("mapped.bin", O_RDWR | O_CREAT, 0600);
  if (::ftruncate(fd, 8192) != 0 || ::posix_fallocate(fd, 0, 8192) != 0 || ::flock(fd, LOCK_EX) != 0) return 1;
  auto* memory = static_cast<char*>(::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  memory[5000] = 'm';
  if (::msync(memory, 8192, MS_SYNC) != 0 || ::fsync(fd) != 0) return 2;
  char byte = 0;
  if (::pread(fd, &byte, 1, 5000) != 1 || ::pwrite(fd, &byte, 1, 1) != 1) return 3;

  std::ifstream in("link.txt");
  std::string line;
  while (std::getline(in, line)) std::cout << line << ',';
  fs::remove_all("a");
  const bool gone = ::chdir("/tmp") == 0 && !fs::exists("a");
  std::cout << count << gone << fs::current_path().string() << fs::space("/box").capacity / (1 << 30) << '\n';
}
