// One large allocation for a million equal things: a page-aligned block, in huge pages where the system gives them.
// Rationale: with pages of 4 KiB nearly every event of a large run misses the translation cache as well as the data.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace earshot::sim {

template <class T>
class Slab {
 public:
  Slab() = default;

  /// Room for `capacity` things, none made yet. Throws std::bad_alloc.
  explicit Slab(std::size_t capacity) : bytes_(capacity * sizeof(T)) {
    if (bytes_ == 0) return;
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    madvise(memory, bytes_, MADV_HUGEPAGE);  // a wish: refusal costs speed only
    data_ = static_cast<T*>(memory);
  }
  ~Slab() {
    std::destroy_n(data_, size_);
    if (data_ != nullptr) munmap(data_, bytes_);
  }
  Slab(Slab&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), bytes_(std::exchange(other.bytes_, 0)) {}
  Slab& operator=(Slab other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  /// REQUIRES: size() is below the capacity.
  template <class... Args>
  T& emplace_back(Args&&... args) {
    return *std::construct_at(data_ + size_++, std::forward<Args>(args)...);
  }

  /// `count` more, as their default constructor leaves them.
  std::span<T> extend(std::size_t count) {
    T* first = data_ + size_;
    std::uninitialized_value_construct_n(first, count);
    size_ += count;
    return {first, count};
  }

  T& operator[](std::size_t index) { return data_[index]; }
  const T& operator[](std::size_t index) const { return data_[index]; }
  T* data() { return data_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace earshot::sim
