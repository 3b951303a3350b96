#include "cpu/initializers/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

#include "core/random.h"
#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"

namespace cudnn_gru {
namespace {

// How many vectors are orthogonalised together, so that most of the work is
// matrix products.
constexpr size_t kBlock = 64;
// The part of its length that a vector must keep in a projection. One that
// keeps less is projected once more: "twice is enough" (Kahan and Parlett).
constexpr double kKeptLength = 0.7;

void MultiplyTransposed(const MatrixProduct& product) {
  const auto [a, b, c, m, n, k] = product;
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (size_t p = 0; p < k; ++p) sum += a[i * k + p] * b[j * k + p];
      c[i * n + j] = sum;
    }
  }
}

void SubtractProduct(const MatrixProduct& product) {
  const auto [a, b, c, m, n, k] = product;
  for (size_t i = 0; i < m; ++i) {
    for (size_t p = 0; p < k; ++p) {
      for (size_t j = 0; j < n; ++j)
        c[i * n + j] -= a[i * k + p] * b[p * n + j];
    }
  }
}

OrthogonalKernels SelectKernels() {
  CpuIsa isa;
  const Status status = SelectedIsa(&isa);
  if (status.ok() && isa.kernels != nullptr) {
    return isa.kernels->orthogonal;
  }
  return {&MultiplyTransposed, &SubtractProduct};
}

double Norm(const double* vector, size_t length) {
  double sum = 0.0;
  for (size_t i = 0; i < length; ++i) sum += vector[i] * vector[i];
  return std::sqrt(sum);
}

// With fewer multiply-adds it is not worth waking other threads.
constexpr size_t kMinParallelWork = static_cast<size_t>(1) << 20;

// Divides 0 .. rows - 1 into parts and calls part(begin, end) for each, on
// several threads when `work` multiply-adds are enough for them. Rows must not
// depend on each other.
template <class Part>
void ForParts(size_t rows, size_t work, const Part& part) {
  ThreadPool& pool = ThreadPool::Get();
  const size_t parts = std::min(rows, static_cast<size_t>(pool.threads()));
  if (parts > 1 && work >= kMinParallelWork &&
      pool.TryRun(static_cast<int>(parts), [&](int index) {
        const size_t i = static_cast<size_t>(index);
        part(rows * i / parts, rows * (i + 1) / parts);
      })) {
    return;
  }
  part(0, rows);
}

// Draws each row from a random stream of its own, so that several threads can
// draw rows.
void DrawNormals(std::vector<double>& q, size_t count, size_t length,
                 uint64_t seed) {
  ForParts(count, q.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Philox philox(seed, i);
      for (size_t k = 0; k < length; ++k) {
        q[i * length + k] = philox.NextNormal();
      }
    }
  });
}

// Block Gram-Schmidt on the rows of `q` (count, length), count <= length. The
// rows of a normal matrix are almost surely independent. A row that vanishes
// nevertheless is drawn again from `redraw`.
class GramSchmidt {
 public:
  GramSchmidt(std::vector<double>& q, size_t count, size_t length,
              Philox redraw)
      : q_(q.data()),
        count_(count),
        length_(length),
        redraw_(redraw),
        kernels_(SelectKernels()),
        products_(kBlock * count) {}

  void Run() {
    for (size_t begin = 0; begin < count_; begin += kBlock) {
      const size_t size = std::min(kBlock, count_ - begin);
      double before[kBlock];
      for (size_t i = 0; i < size; ++i)
        before[i] = Norm(Row(begin + i), length_);
      RemoveSpan(begin, size, begin);
      for (size_t i = 0; i < size; ++i)
        Orthonormalise(begin, begin + i, before[i]);
    }
  }

 private:
  double* Row(size_t i) { return q_ + i * length_; }

  // Removes from `size` rows their part in the span of rows 0 .. basis - 1.
  void RemoveSpan(size_t begin, size_t size, size_t basis) {
    if (basis == 0) return;
    ForParts(size, size * basis * length_, [&](size_t first, size_t last) {
      double* const rows = Row(begin + first);
      double* const products = products_.data() + first * basis;
      kernels_.multiply_transposed(
          {rows, q_, products, last - first, basis, length_});
      kernels_.subtract_product(
          {products, q_, rows, last - first, length_, basis});
    });
  }

  // Makes row `i` orthogonal to the earlier rows of its block, and again to all
  // earlier rows when too little of it is left. Then gives it length one.
  void Orthonormalise(size_t block, size_t i, double before) {
    double* const row = Row(i);
    if (i > block) {
      // Classical Gram-Schmidt is enough, because the loop below repeats it
      // when needed.
      kernels_.multiply_transposed(
          {row, Row(block), products_.data(), 1, i - block, length_});
      kernels_.subtract_product(
          {products_.data(), Row(block), row, 1, length_, i - block});
    }
    double norm = Norm(row, length_);
    while (norm < kKeptLength * before) {
      before = norm;
      RemoveSpan(i, 1, i);
      norm = Norm(row, length_);
      if (norm < 1e-12) {
        for (size_t k = 0; k < length_; ++k) row[k] = redraw_.NextNormal();
        before = Norm(row, length_);
        RemoveSpan(i, 1, i);
        norm = Norm(row, length_);
      }
    }
    for (size_t k = 0; k < length_; ++k) row[k] /= norm;
  }

  double* const q_;
  const size_t count_;
  const size_t length_;
  Philox redraw_;
  const OrthogonalKernels kernels_;
  std::vector<double> products_;
};

}  // namespace

template <typename T>
Status FillOrthogonal(T* out, size_t rows, size_t columns, uint64_t seed,
                      double gain) {
  try {
    const size_t count = std::min(rows, columns);
    const size_t length = std::max(rows, columns);
    if (count == 0) return Status();
    std::vector<double> q(count * length);
    DrawNormals(q, count, length, seed);
    GramSchmidt(q, count, length, Philox(seed, count)).Run();
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        const double value =
            rows <= columns ? q[i * length + j] : q[j * length + i];
        out[i * columns + j] = static_cast<T>(gain * value);
      }
    }
    return Status();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory to make an orthogonal matrix.");
  }
}

template Status FillOrthogonal<float>(float*, size_t, size_t, uint64_t, double);
template Status FillOrthogonal<double>(double*, size_t, size_t, uint64_t,
                                       double);

}  // namespace cudnn_gru
