/* litter: leaves files in all the places it may write to, and processes; "look" lists what it finds there. */
#include "attack.h"
#include <dirent.h>
int main(int argc, char **argv) {
  const char *places[] = {"/tmp", "/dev/shm", "/box"};
  char path[64];
  if (argc > 1) {
    for (int i = 0; i < 3; ++i) {
      DIR *dir = opendir(places[i]);
      for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        try_must_fail(entry->d_name[0] != '.' && strcmp(entry->d_name, "litter") != 0, entry->d_name);
      }
    }
    return verdict();
  }
  for (int i = 0; i < 90; ++i) {
    snprintf(path, sizeof path, "%s/\n\xff%d", places[i % 3], i);
    make_file(path, "litter");
  }
  bound_seconds(8);
  for (int i = 0; i < 8; ++i) {
    if (fork() == 0) {
      setsid();
      outstay();
      _exit(0);
    }
  }
  return verdict();
}
