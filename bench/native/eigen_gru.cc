// A GRU (Keras's reset_after=True) as one writes it with Eigen: all input
// projections as one matrix product, then for each step the recurrent product
// and array expressions for the gates. Columns are sequences, time-major, so
// that a step is a block of columns; Keras's row-major kernels are then the
// column-major transposed factors as they lie in memory.
#include <Eigen/Core>
#include <memory>
#include <string>
#include <vector>

#include "contender.h"

namespace {

using Eigen::Index;
using Eigen::MatrixXf;
using ConstMap = Eigen::Map<const MatrixXf>;

class EigenTask : public bench::Task {
 public:
  explicit EigenTask(const bench::Problem& problem)
      : batch_(static_cast<Index>(problem.batch)),
        timesteps_(static_cast<Index>(problem.timesteps)),
        units_(static_cast<Index>(problem.units)),
        inputs_(problem.features, problem.batch * problem.timesteps),
        kernel_(ConstMap(problem.grus[0].kernel.data(), 3 * units_,
                         inputs_.rows())),
        recurrent_kernel_(ConstMap(problem.grus[0].recurrent_kernel.data(),
                                   3 * units_, units_)),
        bias_(ConstMap(problem.grus[0].bias.data(), 3 * units_, 2)),
        projected_(3 * units_, batch_ * timesteps_),
        recurrent_(3 * units_, batch_),
        output_(units_, batch_ * timesteps_) {
    const ConstMap given(problem.inputs.data(), inputs_.rows(), inputs_.cols());
    for (Index b = 0; b < batch_; ++b) {
      for (Index t = 0; t < timesteps_; ++t) {
        inputs_.col(t * batch_ + b) = given.col(b * timesteps_ + t);
      }
    }
  }

  void Call() override {
    projected_.noalias() = kernel_ * inputs_;
    projected_.colwise() += bias_.col(0);
    state_ = MatrixXf::Zero(units_, batch_);
    for (Index t = 0; t < timesteps_; ++t) {
      const auto projected = projected_.middleCols(t * batch_, batch_).array();
      recurrent_.noalias() = recurrent_kernel_ * state_.matrix();
      recurrent_.colwise() += bias_.col(1);
      const auto recurrent = recurrent_.array();
      update_ =
          (projected.topRows(units_) + recurrent.topRows(units_)).logistic();
      reset_ = (projected.middleRows(units_, units_) +
                recurrent.middleRows(units_, units_))
                   .logistic();
      candidate_ =
          (projected.bottomRows(units_) + reset_ * recurrent.bottomRows(units_))
              .tanh();
      state_ = candidate_ + update_ * (state_ - candidate_);
      output_.middleCols(t * batch_, batch_) = state_.matrix();
    }
  }

  std::vector<float> Output() override {
    std::vector<float> output(static_cast<size_t>(output_.size()));
    Eigen::Map<MatrixXf> taken(output.data(), units_, output_.cols());
    for (Index b = 0; b < batch_; ++b) {
      for (Index t = 0; t < timesteps_; ++t) {
        taken.col(b * timesteps_ + t) = output_.col(t * batch_ + b);
      }
    }
    return output;
  }

 private:
  const Index batch_, timesteps_, units_;
  MatrixXf inputs_;                                     // (F, T * B)
  const MatrixXf kernel_;                               // (3U, F)
  const MatrixXf recurrent_kernel_;                     // (3U, U)
  const MatrixXf bias_;                                 // (3U, 2)
  MatrixXf projected_;                                  // (3U, T * B)
  MatrixXf recurrent_;                                  // (3U, B)
  MatrixXf output_;                                     // (U, T * B)
  Eigen::ArrayXXf update_, reset_, candidate_, state_;  // (U, B)
};

}  // namespace

int main(int, char** argv) {
  Eigen::setNbThreads(std::stoi(argv[1]));
  return bench::Serve(std::to_string(EIGEN_WORLD_VERSION) + "." +
                          std::to_string(EIGEN_MAJOR_VERSION) + "." +
                          std::to_string(EIGEN_MINOR_VERSION),
                      [](const bench::Problem& problem) {
                        return std::make_unique<EigenTask>(problem);
                      });
}
