#ifndef CUDNN_GRU_CORE_PORTABLE_MATH_H_
#define CUDNN_GRU_CORE_PORTABLE_MATH_H_

// Functions that return the same bits on every system and processor. Those of
// the C library differ between glibc, musl, Windows and macOS. They are made of
// additions, multiplications, divisions and square roots alone, which IEEE 754
// rounds in one way. The doubles are within 2 ulp of the exact value. The
// floats are computed in double and rounded. NaN stays NaN.
//
// The kernel units include this header, so it may contain no inline function.

namespace cudnn_gru {

double PortableExp(double x);
double PortableLog(double x);
// log(1 + x) and the complementary error function.
double PortableLog1p(double x);
double PortableErfc(double x);
double PortableTanh(double x);

float PortableExp(float x);
float PortableLog(float x);
float PortableLog1p(float x);

// Computes the sine and the cosine of `turns` full turns, where
// 0 <= turns < 1.
void PortableSinCos(double turns, double* sine, double* cosine);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_PORTABLE_MATH_H_
