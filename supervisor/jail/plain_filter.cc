#include "jail/plain_filter.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>

#include "jail/filter_code.h"

namespace bailiff {

std::vector<sock_filter> plain_filter(std::span<const sock_filter> profile) {
  using namespace bpf;  // NOLINT(google-build-using-namespace): the words of this one function
  const struct {
    int nr;
    unsigned error;  // of a kernel without it, which runtimes take in their stride
  } refused[] = {
      {SYS_socket, EAFNOSUPPORT}, {SYS_connect, EAFNOSUPPORT},  {SYS_bind, EAFNOSUPPORT},
      {SYS_listen, EOPNOTSUPP},   {SYS_accept, EOPNOTSUPP},     {SYS_accept4, EOPNOTSUPP},
      {SYS_shmget, ENOSYS},       {SYS_shmat, ENOSYS},          {SYS_shmctl, ENOSYS},
      {SYS_semget, ENOSYS},       {SYS_semop, ENOSYS},          {SYS_semtimedop, ENOSYS},
      {SYS_semctl, ENOSYS},       {SYS_msgget, ENOSYS},         {SYS_msgsnd, ENOSYS},
      {SYS_msgrcv, ENOSYS},       {SYS_msgctl, ENOSYS},         {SYS_mq_open, ENOSYS},
      {SYS_mq_unlink, ENOSYS},    {SYS_add_key, EPERM},         {SYS_request_key, EPERM},
      {SYS_keyctl, EPERM},        {SYS_io_uring_setup, ENOSYS},
  };
  std::vector<sock_filter> code;
  for (const auto& call : refused)
    code.insert(code.end(), {unless(static_cast<unsigned>(call.nr), 1), refuse(call.error)});
  // A datagram socket that has a peer can still send to anybody; the other kinds stay with theirs.
  code.insert(code.end(), {unless(SYS_socketpair, 8), load_argument(0), unless(AF_UNIX, 4), load_argument(1),
                           BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf), unless(SOCK_DGRAM, 1),
                           refuse(EPROTONOSUPPORT), skip(1), refuse(EAFNOSUPPORT), load_number()});
  return put_behind(profile, std::move(code));
}

}  // namespace bailiff
