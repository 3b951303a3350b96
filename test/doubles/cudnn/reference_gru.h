#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_REFERENCE_GRU_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_REFERENCE_GRU_H_

#include <functional>
#include <vector>

// A GRU layer in the equations of cuDNN's documentation, in double precision:
//
//   r = sigmoid(W0 x + R3 h + b0 + b3)
//   z = sigmoid(W1 x + R4 h + b1 + b4)
//   n = tanh(W2 x + b2 + r * m),  m = R5 h + b5
//   h' = (1 - z) * n + z * h
//
// Sequences are (batch, steps, size), states (batch, units); row b ends after
// lengths[b] steps, and nothing is read or written past it.
namespace doubles {

struct GruProblem {
  int batch;
  int steps;
  int features;
  int units;
  std::vector<int> lengths;
  // How a state is kept, and how a factor of a product is.
  std::function<double(double)> round_state;
  std::function<double(double)> round_factor;
};

// By linLayerID: 0..2 input matrices (units, features), 3..5 recurrent ones
// (units, units), each with a bias (units,).
struct GruWeights {
  std::vector<double> matrix[6];
  std::vector<double> bias[6];
};

// `gates` (batch, steps, 4, units) takes r, z, n and m of each step.
void GruForward(const GruProblem& problem, const GruWeights& weights,
                const std::vector<double>& x, const std::vector<double>& hx,
                std::vector<double>* y, std::vector<double>* hy,
                std::vector<double>* gates);

// Replaces `gates` by the derivatives by the arguments of r, z, n and by m.
void GruBackwardData(const GruProblem& problem, const GruWeights& weights,
                     const std::vector<double>& y,
                     const std::vector<double>& hx,
                     const std::vector<double>& dy,
                     const std::vector<double>& dhy, std::vector<double>* gates,
                     std::vector<double>* dx, std::vector<double>* dhx);

// `gates` as GruBackwardData left them.
GruWeights GruBackwardWeights(const GruProblem& problem,
                              const std::vector<double>& gates,
                              const std::vector<double>& x,
                              const std::vector<double>& hx,
                              const std::vector<double>& y);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_REFERENCE_GRU_H_
