#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_ERRORS_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_ERRORS_H_

#include "api/cudnn_api.h"
#include "support/control.h"

namespace doubles {

// Notes the failed condition for cudnnGetLastErrorString and returns `status`.
// Like the real library it says more about errors of the CUDA runtime, in a
// second line.
cudnnStatus_t Fail(cudnnStatus_t status, const char* condition);

}  // namespace doubles

// Opens an entry point: the fault that a test injected.
#define CUDNN_ENTER()                             \
  if (const int fault = doubles::Enter(__func__)) \
  return doubles::Fail(static_cast<cudnnStatus_t>(fault), doubles::FaultText())

// Fails where the real library fails, with its way of telling: the condition.
#define FAIL_IF(condition, status) \
  if (condition) return doubles::Fail(status, #condition)
#define BAD_PARAM_IF(condition) FAIL_IF(condition, CUDNN_STATUS_BAD_PARAM)
#define NOT_SUPPORTED_IF(condition) \
  FAIL_IF(condition, CUDNN_STATUS_NOT_SUPPORTED)

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_ERRORS_H_
