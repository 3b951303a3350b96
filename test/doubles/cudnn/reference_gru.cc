#include "cudnn/reference_gru.h"

#include <cmath>
#include <cstddef>

namespace doubles {
namespace {

using Vector = std::vector<double>;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

Vector Rounded(const GruProblem& problem, const Vector& values) {
  if (!problem.round_factor) return values;
  Vector rounded(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    rounded[i] = problem.round_factor(values[i]);
  return rounded;
}

GruWeights Rounded(const GruProblem& problem, const GruWeights& weights) {
  GruWeights rounded = weights;
  for (Vector& matrix : rounded.matrix) matrix = Rounded(problem, matrix);
  return rounded;
}

Vector Slice(const Vector& values, size_t index, size_t size) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(index * size);
  return Vector(begin, begin + static_cast<std::ptrdiff_t>(size));
}

// One row of matrix (rows, v.size()) times v.
double Product(const Vector& matrix, size_t row, const Vector& v) {
  double sum = 0;
  for (size_t i = 0; i < v.size(); ++i)
    sum += matrix[row * v.size() + i] * v[i];
  return sum;
}

// to += transposed matrix (v.size(), to.size()) times v.
void AddTransposed(const Vector& matrix, const Vector& v, Vector* to) {
  for (size_t row = 0; row < v.size(); ++row)
    for (size_t i = 0; i < to->size(); ++i)
      (*to)[i] += matrix[row * to->size() + i] * v[row];
}

// to (a.size(), b.size()) += a times b transposed.
void AddOuter(const Vector& a, const Vector& b, Vector* to) {
  for (size_t row = 0; row < a.size(); ++row)
    for (size_t i = 0; i < b.size(); ++i)
      (*to)[row * b.size() + i] += a[row] * b[i];
}

// The state before step t of row b.
Vector StateBefore(const GruProblem& problem, const Vector& y, const Vector& hx,
                   size_t b, size_t t) {
  const size_t units = static_cast<size_t>(problem.units);
  const size_t steps = static_cast<size_t>(problem.steps);
  return t == 0 ? Slice(hx, b, units) : Slice(y, b * steps + t - 1, units);
}

}  // namespace

void GruForward(const GruProblem& problem, const GruWeights& weights,
                const Vector& x, const Vector& hx, Vector* y, Vector* hy,
                Vector* gates) {
  const size_t units = static_cast<size_t>(problem.units);
  const size_t steps = static_cast<size_t>(problem.steps);
  const size_t features = static_cast<size_t>(problem.features);
  const GruWeights w = Rounded(problem, weights);
  for (size_t b = 0; b < static_cast<size_t>(problem.batch); ++b) {
    Vector h = Slice(hx, b, units);
    for (size_t t = 0; t < static_cast<size_t>(problem.lengths[b]); ++t) {
      const size_t step = b * steps + t;
      const Vector input = Rounded(problem, Slice(x, step, features));
      const Vector state = Rounded(problem, h);
      for (size_t j = 0; j < units; ++j) {
        const double r = Sigmoid(Product(w.matrix[0], j, input) + w.bias[0][j] +
                                 Product(w.matrix[3], j, state) + w.bias[3][j]);
        const double z = Sigmoid(Product(w.matrix[1], j, input) + w.bias[1][j] +
                                 Product(w.matrix[4], j, state) + w.bias[4][j]);
        const double m = Product(w.matrix[5], j, state) + w.bias[5][j];
        const double n =
            std::tanh(Product(w.matrix[2], j, input) + w.bias[2][j] + r * m);
        double* saved = gates->data() + step * 4 * units;
        saved[j] = r;
        saved[units + j] = z;
        saved[2 * units + j] = n;
        saved[3 * units + j] = m;
        (*y)[step * units + j] = problem.round_state((1 - z) * n + z * h[j]);
      }
      h = Slice(*y, step, units);
    }
    for (size_t j = 0; j < units; ++j) (*hy)[b * units + j] = h[j];
  }
}

void GruBackwardData(const GruProblem& problem, const GruWeights& weights,
                     const Vector& y, const Vector& hx, const Vector& dy,
                     const Vector& dhy, Vector* gates, Vector* dx,
                     Vector* dhx) {
  const size_t units = static_cast<size_t>(problem.units);
  const size_t steps = static_cast<size_t>(problem.steps);
  const size_t features = static_cast<size_t>(problem.features);
  const GruWeights w = Rounded(problem, weights);
  for (size_t b = 0; b < static_cast<size_t>(problem.batch); ++b) {
    Vector dh = Slice(dhy, b, units);
    for (size_t t = static_cast<size_t>(problem.lengths[b]); t-- > 0;) {
      const size_t step = b * steps + t;
      const Vector before = StateBefore(problem, y, hx, b, t);
      double* saved = gates->data() + step * 4 * units;
      Vector by_gate[4] = {Vector(units), Vector(units), Vector(units),
                           Vector(units)};
      for (size_t j = 0; j < units; ++j) {
        dh[j] += dy[step * units + j];
        const double r = saved[j];
        const double z = saved[units + j];
        const double n = saved[2 * units + j];
        const double m = saved[3 * units + j];
        const double by_n = dh[j] * (1 - z) * (1 - n * n);
        by_gate[0][j] = by_n * m * r * (1 - r);
        by_gate[1][j] = dh[j] * (before[j] - n) * z * (1 - z);
        by_gate[2][j] = by_n;
        by_gate[3][j] = by_n * r;
        for (size_t g = 0; g < 4; ++g) saved[g * units + j] = by_gate[g][j];
        dh[j] *= z;
      }
      Vector dinput(features);
      for (size_t g = 0; g < 3; ++g)
        AddTransposed(w.matrix[g], Rounded(problem, by_gate[g]), &dinput);
      for (size_t i = 0; i < features; ++i)
        (*dx)[step * features + i] = dinput[i];
      AddTransposed(w.matrix[3], Rounded(problem, by_gate[0]), &dh);
      AddTransposed(w.matrix[4], Rounded(problem, by_gate[1]), &dh);
      AddTransposed(w.matrix[5], Rounded(problem, by_gate[3]), &dh);
    }
    for (size_t j = 0; j < units; ++j) (*dhx)[b * units + j] = dh[j];
  }
}

GruWeights GruBackwardWeights(const GruProblem& problem, const Vector& gates,
                              const Vector& x, const Vector& hx,
                              const Vector& y) {
  const size_t units = static_cast<size_t>(problem.units);
  const size_t steps = static_cast<size_t>(problem.steps);
  const size_t features = static_cast<size_t>(problem.features);
  GruWeights sums;
  for (size_t id = 0; id < 6; ++id) {
    sums.matrix[id].assign(units * (id < 3 ? features : units), 0);
    sums.bias[id].assign(units, 0);
  }
  static const size_t kGateOf[] = {0, 1, 2, 0, 1, 3};
  for (size_t b = 0; b < static_cast<size_t>(problem.batch); ++b) {
    for (size_t t = 0; t < static_cast<size_t>(problem.lengths[b]); ++t) {
      const size_t step = b * steps + t;
      const Vector input = Rounded(problem, Slice(x, step, features));
      const Vector before = Rounded(problem, StateBefore(problem, y, hx, b, t));
      for (size_t id = 0; id < 6; ++id) {
        const Vector by_gate = Slice(gates, step * 4 + kGateOf[id], units);
        for (size_t j = 0; j < units; ++j) sums.bias[id][j] += by_gate[j];
        AddOuter(Rounded(problem, by_gate), id < 3 ? input : before,
                 &sums.matrix[id]);
      }
    }
  }
  return sums;
}

}  // namespace doubles
